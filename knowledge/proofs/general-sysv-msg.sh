#!/bin/sh
made=$(ipcmk -Q) || exit
ipcrm -q "${made##* }" && echo "made one"
