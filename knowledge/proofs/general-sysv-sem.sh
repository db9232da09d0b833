#!/bin/sh
made=$(ipcmk -S 1) || exit
ipcrm -s "${made##* }" && echo "made one"
